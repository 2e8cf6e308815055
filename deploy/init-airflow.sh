#!/bin/sh
# Brings both databases to the newest schema and sets what the DAGs expect: pools and the first administrator.
# Safe to run again at every start.
set -eu

airflow db migrate
python -m include.ledger
airflow pools set landing 16 "Sources that are asked at the same time"
airflow pools set work 8 "Steps that use a processor"
if ! airflow users list --output plain | grep -qw "$ADMIN_USER"; then
  airflow users create --role Admin --username "$ADMIN_USER" --password "$ADMIN_PASSWORD" \
    --email "$ADMIN_EMAIL" --firstname Airflow --lastname Administrator
fi
