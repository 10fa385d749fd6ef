def test_it_starts(sandbox):
    assert sandbox.control("GET", "ports").json()["https"] > 0
