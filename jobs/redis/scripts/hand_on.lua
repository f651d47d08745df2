-- A worker that stops stands by no more. What may have woken it wakes another that stands by; where
-- none does, the next reap notifies.
-- ARGV: prefix, worker
redis.call('ZREM', STANDBY, ARGV[2])
if count_waiting() > 0 then wake_standby() end
