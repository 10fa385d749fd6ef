"""Whether it still works: for people (`status`), for watchers (HTTP), and for who waits for a sign of life.

Everything here reads the ledger and the settings alone; nothing asks Microsoft 365.

- `gather.gather(ledger, question)` is the state as one value, which `status` shows and metrics count.
- `server.serve(options, source)` opens /healthz, /readyz and /metrics on a thread of its own and returns
  what closes them. A scheduler calls `source.pulse.beat()` each time its loop turns.
- `ping.report_job(job, exit_code, ...)` is the sign of life after each job. It never raises.
"""
