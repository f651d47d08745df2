-- Record a job that succeeds at once with the result of another one of the same photo and options.
-- ARGV: prefix, id, owner, key or "", digest, ttl ms, name, value, …
-- Returns what is known of it (see the prelude) | {"new"}
local id, owner, key, digest = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local old = known_job(id, owner, key, digest)
if old then return old end
local fields = {'digest', digest, 'ttl', ARGV[6], 'cached', 1}
for i = 7, #ARGV do fields[#fields + 1] = ARGV[i] end
record_job(id, owner, key, fields)
end_job(id, 'succeeded', {})
count_metric('cache_hits_total', 1)
return {'new'}
