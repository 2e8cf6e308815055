"""Quality: verdicts on rows by our own rules, and on whole batches by Great Expectations."""
