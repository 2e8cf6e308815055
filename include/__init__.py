"""Online drug channel monitoring: contracts, sources, counting rules, releases."""
