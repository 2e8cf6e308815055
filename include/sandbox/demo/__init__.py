"""The demo: real Airflow on this machine takes the simulated country to a published release.

`python -m include.sandbox.demo up` starts everything, runs the year and leaves the services up;
`down` stops them; `run` does both. Everything lies below one folder (ODCM_HOME, else ./data).
"""
