"""What the DAGs hand to each other: an Asset is named like its contract and its table."""

from airflow.sdk import Asset

DATASETS = ("blocking_record", "seizure_item", "laboratory", "prevention_activity", "resocialisation")
MART_NAMES = (
    "mart_channels",
    "mart_seizures",
    "mart_laboratories",
    "mart_prevention",
    "mart_resocialisation",
    "mart_coverage",
    "mart_reports",
    "mart_headlines",
)

CORE = {dataset: Asset(f"core_{dataset}") for dataset in DATASETS}
MARTS = {name: Asset(name) for name in MART_NAMES}
RELEASE = Asset("release_annual")
