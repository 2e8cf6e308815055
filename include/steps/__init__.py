"""Steps: read → pure → check → write. DAG tasks and the command line both call these."""
