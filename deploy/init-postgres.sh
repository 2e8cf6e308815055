#!/bin/bash
# Runs once, when PostgreSQL makes its data folder: two databases, each with an owner of its own, so that what
# Airflow can reach of the ledger, and the ledger of Airflow, is nothing.
set -euo pipefail

make_database() {
  psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
       --set name="$1" --set password="$2" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name" ENCODING 'UTF8';
REVOKE CONNECT ON DATABASE :"name" FROM PUBLIC;
SQL
}

make_database airflow "$AIRFLOW_DB_PASSWORD"
make_database ledger "$LEDGER_DB_PASSWORD"
