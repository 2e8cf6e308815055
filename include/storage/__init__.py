"""Storage: the only place that touches a disk or bucket."""
