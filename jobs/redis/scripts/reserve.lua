-- Hold a client's id or key for one request at a time, unless the job is known already.
-- ARGV: prefix, id, owner, key or "", digest or "" while the photo is not read, slot, token, ms
-- Returns what is known of it (see the prelude) | {"busy"} | {"new"}
local slot = P .. 'receiving:' .. ARGV[6]
local old = known_job(ARGV[2], ARGV[3], ARGV[4], ARGV[5])
if old then return old end
local holder = redis.call('GET', slot)
if holder and holder ~= ARGV[7] then return {'busy'} end
redis.call('SET', slot, ARGV[7], 'PX', ARGV[8])
return {'new'}
