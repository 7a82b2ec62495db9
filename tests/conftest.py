"""How Hypothesis is used here: the same examples in every run, so that a red test is red for everybody, and no clock decides.

To look for new ones: make test and then build/venv/bin/pytest --hypothesis-profile=default.
"""
from hypothesis import HealthCheck, settings

settings.register_profile("steady", derandomize=True, database=None, deadline=None,
                          suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
settings.load_profile("steady")
