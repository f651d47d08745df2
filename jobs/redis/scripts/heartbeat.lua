-- A worker's sign of life; those that gave none for long are forgotten.
-- ARGV: prefix, worker, seconds until it is forgotten
local workers, seconds = P .. 'workers', tonumber(time[1])
redis.call('ZREMRANGEBYSCORE', workers, '-inf', seconds - ARGV[3]) -- frees, so memory is no matter
redis.call('ZADD', workers, seconds, ARGV[2])
