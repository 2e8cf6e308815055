# Airflow with this project and exactly the packages of requirements.txt (every one checked against its hash).
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
COPY requirements.txt /tmp/requirements.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt \
 && /opt/venv/bin/python -m compileall -q /opt/venv/lib || true \
 && test -x /opt/venv/bin/airflow

FROM ${PYTHON_IMAGE}
ARG ODCM_CODE_VERSION
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/odcm \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    ODCM_HOME=/data \
    ODCM_CODE_VERSION=${ODCM_CODE_VERSION}

RUN groupadd --gid 10001 odcm \
 && useradd --uid 10001 --gid odcm --home-dir /opt/airflow --no-create-home --shell /usr/sbin/nologin odcm \
 && install --directory --owner odcm --group odcm /opt/airflow /opt/airflow/logs \
 && install --directory --owner odcm --group odcm --mode 0750 /data \
 && printf '#!/bin/sh\nexec python -m include.cli "$@"\n' > /usr/local/bin/odcm \
 && chmod 0755 /usr/local/bin/odcm

COPY --from=packages /opt/venv /opt/venv
COPY data_contracts /opt/odcm/data_contracts
COPY plugins /opt/odcm/plugins
COPY include /opt/odcm/include
COPY dags /opt/odcm/dags
COPY --chmod=0755 deploy/init-airflow.sh /opt/odcm/deploy/init-airflow.sh

USER 10001:10001
WORKDIR /opt/odcm
CMD ["airflow", "version"]
