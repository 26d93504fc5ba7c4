"""What whoever writes an adapter needs: contract suites, a clock under control, scripted failures."""
