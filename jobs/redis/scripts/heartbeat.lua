-- A worker's heartbeat, and the models that it serves. Workers without a recent one are forgotten.
-- ARGV: prefix, worker, seconds until it is forgotten, a model as jobs record it, …
local seconds = tonumber(time[1])
for _, signs in ipairs({WORKERS, WORKING, SERVED}) do
  redis.call('ZREMRANGEBYSCORE', signs, '-inf', seconds - ARGV[3]) -- frees, so memory is no matter
end
redis.call('ZADD', WORKERS, seconds, ARGV[2])
redis.call('ZADD', WORKING, 'XX', seconds, ARGV[2])
for i = 4, #ARGV do redis.call('ZADD', SERVED, seconds, ARGV[i]) end
