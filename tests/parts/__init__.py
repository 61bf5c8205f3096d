"""The real servers that limpet is tested against, one small module a part.

Only Python's standard library. Run tests from the tests/ folder, which is then the root of imports:
    cd tests && python3 -m unittest -v integration.reload_test
Every part binds to loopback, on a port that was free, and ends with the test that started it.
"""
