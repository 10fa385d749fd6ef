from m365_restrict.sandbox.request_log import RequestLog


def test_a_request_is_kept_once_it_was_served():
    log = RequestLog()
    with log.recording("GET", "/v1.0/users") as entry:
        entry.status = 200
    taken = log.take()
    assert [(one["path"], one["status"]) for one in taken["requests"]] == [("/v1.0/users", 200)]
    assert taken["max_in_flight"] == 1
    assert log.take() == {"requests": [], "max_in_flight": 0}


def test_what_is_still_served_when_the_log_starts_over_is_forgotten():
    log = RequestLog()
    with log.recording("POST", "/v1.0/me/sendMail"):
        log.start_over()
        with log.recording("GET", "/v1.0/users"):
            pass
    taken = log.take()
    assert [one["path"] for one in taken["requests"]] == ["/v1.0/users"]
    assert taken["max_in_flight"] == 1
    assert log.take()["max_in_flight"] == 0
