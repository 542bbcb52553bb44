"""Real servers on loopback for tests: free ports, temporary folders, ended by process id.

Fixtures are in `tests/conftest.py`: `kafka_broker`, `alertmanager_server`, `prometheus_server`, `chromium_browser`.
"""
