-- Release an id or key that this request holds.
-- ARGV: prefix, slot, token
local slot = P .. 'receiving:' .. ARGV[2]
if redis.call('GET', slot) == ARGV[3] then redis.call('DEL', slot) end
