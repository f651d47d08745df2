-- Set before every script. All keys stand under the prefix ARGV[1]; all times are ms by Redis.
local P = ARGV[1]
local HI, LO, RETRY = P .. 'queue:hi', P .. 'queue:lo', P .. 'queue:retry'
local LEASES, BELL, EVENTS, PACE = P .. 'leases', P .. 'bell', P .. 'events', P .. 'pace'
local TOMBSTONE_MS = 7 * 86400 * 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function job_key(id) return P .. 'job:' .. id end

local function waiting()
  return redis.call('ZCARD', HI) + redis.call('ZCARD', LO) + redis.call('ZCARD', RETRY)
end

-- 1 when the caller is to send a ticket; the bell rings at most every 3 s until it is heard.
local function ring()
  return redis.call('SET', BELL, 1, 'NX', 'PX', 3000) and 1 or 0
end

-- See jobs/metrics.py, where every name is.
local function count(name, by) redis.call('HINCRBY', P .. 'metrics', name, by) end

local function tell(id) redis.call('PUBLISH', EVENTS, id) end

-- The one way into a terminal state: the record lives on for its ttl, its tombstone longer.
local function end_job(id, state, fields)
  local key = job_key(id)
  local ttl = tonumber(redis.call('HGET', key, 'ttl'))
  redis.call('HSET', key, 'state', state, 'finished_at', now, 'expires_at', now + ttl, unpack(fields))
  redis.call('PEXPIRE', key, ttl)
  redis.call('PEXPIRE', P .. 'blobs:' .. id, ttl)
  redis.call('SADD', P .. 'ended', id) -- its original photo is to be erased
  redis.call('SET', P .. 'gone:' .. id, now + ttl, 'PX', ttl + TOMBSTONE_MS)
  redis.call('ZREM', LEASES, id)
  count('jobs_ended_total|' .. state, 1)
  tell(id)
end

-- Back to waiting: at the head of its own queue, or among those that cost a worker its life.
local function requeue(id, attempts, queue, score)
  local key = job_key(id)
  redis.call('HSET', key, 'state', 'queued', 'attempts', attempts)
  redis.call('HDEL', key, 'started_at')
  redis.call('ZREM', LEASES, id)
  redis.call('ZADD', queue, score, id)
  tell(id)
end
