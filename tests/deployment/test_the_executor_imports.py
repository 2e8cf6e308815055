"""The locked Celery fits the locked provider: a pair that does not starts neither executor nor worker."""

import subprocess
import sys


def test_the_celery_executor_can_be_imported() -> None:
    code = "from airflow.providers.celery.executors.celery_executor import CeleryExecutor"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
