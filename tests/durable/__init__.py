"""Tests that hurt: servers, databases and workers as processes of their own, which are stopped, killed and lied to."""
