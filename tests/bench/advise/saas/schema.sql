-- A multi-tenant service: skewed tenants, soft deletes, states of which few are open, write-heavy queues.
-- psql -v scale=N: N hundred thousand tickets (1 by default).
\if :{?scale}
\else
\set scale 1
\endif
SELECT setseed(0.31);
CREATE SCHEMA "Billing";
CREATE TYPE ticket_status AS ENUM ('new', 'open', 'waiting', 'solved', 'closed');
CREATE TABLE tenants(id int PRIMARY KEY, name text NOT NULL, plan text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE users(id bigserial PRIMARY KEY, tenant_id int NOT NULL, email text NOT NULL, name text, role varchar(20) NOT NULL,
    last_login timestamptz, deleted_at timestamptz, created_at timestamptz NOT NULL);
CREATE TABLE tickets(id uuid PRIMARY KEY, tenant_id int NOT NULL, requester_id bigint NOT NULL, assignee_id bigint,
    status ticket_status NOT NULL, priority smallint NOT NULL, subject text NOT NULL, body text NOT NULL, attrs jsonb NOT NULL,
    due_at timestamptz, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE comments(id bigserial PRIMARY KEY, ticket_id uuid NOT NULL, author_id bigint NOT NULL, is_public boolean NOT NULL,
    body text NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE jobs(id bigserial PRIMARY KEY, queue text NOT NULL, state text NOT NULL, run_at timestamptz NOT NULL, attempts int NOT NULL,
    payload text, locked_by text);
CREATE TABLE "Billing"."Invoice"("Id" bigserial PRIMARY KEY, "tenantId" int NOT NULL, "order" int NOT NULL, amount numeric(12,2) NOT NULL,
    currency char(3) NOT NULL, "issuedOn" date NOT NULL, "paidAt" timestamptz);
INSERT INTO tenants SELECT i, 'tenant ' || i, (array['free','free','free','team','enterprise'])[1 + (random() * 4.99)::int % 5], timestamptz '2020-01-01' + i * interval '7 hours'
    FROM generate_series(1, 2000) i;
INSERT INTO users(tenant_id, email, name, role, last_login, deleted_at, created_at)
    SELECT t, 'User' || i || '@' || (array['Example.com','example.org','Mail.example.net'])[1 + i % 3], 'Name ' || md5(i::text),
        CASE WHEN random() < 0.02 THEN 'owner' WHEN random() < 0.1 THEN 'admin' ELSE 'member' END,
        CASE WHEN random() < 0.7 THEN timestamptz '2026-01-01' - random() * random() * interval '700 days' END,
        CASE WHEN random() < 0.08 THEN timestamptz '2026-01-01' - random() * interval '300 days' END,
        timestamptz '2021-01-01' + i * interval '20 minutes'
    FROM (SELECT i, 1 + floor(2000 * power(random(), 3))::int t FROM generate_series(1, 60000 * :scale) i) x;
INSERT INTO tickets SELECT md5(i::text || 'k')::uuid, u.tenant_id, u.id, CASE WHEN random() < 0.6 THEN 1 + (random() * 2000)::int END,
        (CASE WHEN r < 0.004 THEN 'new' WHEN r < 0.03 THEN 'open' WHEN r < 0.05 THEN 'waiting' WHEN r < 0.2 THEN 'solved' ELSE 'closed' END)::ticket_status,
        (array[3,3,3,3,2,2,4,1])[1 + floor(random() * 8)::int], 'Subject ' || substr(md5(i::text), 1, 4 + (i % 20)),
        repeat(md5(i::text), 1 + (i * 7 % 12)), jsonb_build_object('channel', (array['mail','mail','mail','chat','phone'])[1 + i % 5], 'ref', 'R' || (i % 50000), 'vip', random() < 0.01),
        CASE WHEN random() < 0.4 THEN timestamptz '2024-01-01' + i * interval '10 minutes' / :scale + random() * interval '20 days' END,
        timestamptz '2024-01-01' + i * interval '10 minutes' / :scale, timestamptz '2024-01-01' + i * interval '10 minutes' / :scale + random() * random() * interval '40 days',
        CASE WHEN random() < 0.03 THEN timestamptz '2025-12-01' END
    FROM (SELECT i, random() r, 1 + floor(60000 * :scale * power(random(), 2))::bigint uid FROM generate_series(1, 100000 * :scale) i) x JOIN users u ON u.id = x.uid;
INSERT INTO comments(ticket_id, author_id, is_public, body, created_at)
    SELECT md5(t::text || 'k')::uuid, 1 + (random() * 60000 * :scale)::int, random() < 0.85, repeat('comment ', 3 + (random() * 15)::int), timestamptz '2024-01-01' + i * interval '3 minutes' / :scale
    FROM (SELECT i, 1 + least((i::float8 / 3 + random() * random() * 5000)::int, 100000 * :scale - 1) t FROM generate_series(1, 300000 * :scale) i) x;
INSERT INTO jobs(queue, state, run_at, attempts, payload, locked_by)
    SELECT (array['mail','mail','mail','mail','index','webhook','report'])[1 + floor(random() * 7)::int], CASE WHEN i > 149000 * :scale THEN 'ready' WHEN random() < 0.003 THEN 'failed' ELSE 'done' END,
        timestamptz '2025-06-01' + i * interval '2 minutes' / :scale, (random() * random() * 5)::int, md5(i::text), CASE WHEN random() < 0.01 THEN 'worker' || i % 16 END
    FROM generate_series(1, 150000 * :scale) i;
INSERT INTO "Billing"."Invoice"("tenantId", "order", amount, currency, "issuedOn", "paidAt")
    SELECT 1 + floor(2000 * power(random(), 2))::int, i, (random() * random() * 9000)::numeric(12,2), (array['EUR','EUR','EUR','USD','GBP'])[1 + i % 5], date '2021-01-01' + (i / (55 * :scale))::int,
        CASE WHEN i < 96000 * :scale OR random() < 0.3 THEN timestamptz '2021-01-05' + (i / (55 * :scale)) * interval '1 day' END
    FROM generate_series(1, 100000 * :scale) i;
CREATE VIEW live_tickets AS SELECT * FROM tickets WHERE deleted_at IS NULL;
