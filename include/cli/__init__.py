"""The command line `odcm`: the same steps as the DAGs, without Airflow."""

from include.cli.app import main

__all__ = ["main"]
