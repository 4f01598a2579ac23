-- login 400
SELECT id, tenant_id, role FROM users WHERE lower(email) = 'user4711@example.org' AND deleted_at IS NULL;
-- inbox 120
SELECT id, subject, status, created_at FROM tickets WHERE tenant_id = 17 AND status IN ('new', 'open') AND deleted_at IS NULL ORDER BY created_at DESC LIMIT 25;
-- mine 80
SELECT id, subject, due_at FROM live_tickets WHERE assignee_id = 321 AND status = 'open' ORDER BY due_at ASC NULLS LAST LIMIT 20;
-- page 60
SELECT id, subject, created_at FROM tickets WHERE tenant_id = 3 AND (created_at, id) < (timestamptz '2025-02-01', '00000000-0000-0000-0000-000000000000'::uuid) ORDER BY created_at DESC, id DESC LIMIT 50;
-- thread 300
SELECT c.id, c.body, c.created_at, u.name FROM comments c JOIN users u ON u.id = c.author_id WHERE c.ticket_id = 'c4ca4238-a0b9-2382-0dcc-509a6f75849b' ORDER BY c.created_at;
-- next_job 500
SELECT id, payload FROM jobs WHERE queue = 'mail' AND state = 'ready' AND run_at <= timestamptz '2026-06-01' ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED;
-- finish_stale 5
UPDATE jobs SET state = 'failed', locked_by = NULL WHERE state = 'ready' AND locked_by IS NOT NULL AND run_at < timestamptz '2025-12-27';
-- purge 1
DELETE FROM tickets WHERE deleted_at < timestamptz '2025-01-01';
-- by_ref 40
SELECT id, status FROM tickets WHERE attrs @> '{"ref": "R4242"}';
-- complete 30
SELECT id, name, email FROM users WHERE tenant_id = 12 AND name LIKE 'Name a1%' ORDER BY name LIMIT 10;
-- idle_users 2
SELECT tenant_id, count(*) FROM users WHERE last_login < timestamptz '2024-03-01' AND deleted_at IS NULL GROUP BY tenant_id ORDER BY 2 DESC LIMIT 20;
-- last_comment 10
SELECT DISTINCT ON (ticket_id) ticket_id, created_at, author_id FROM comments WHERE ticket_id IN ('c4ca4238-a0b9-2382-0dcc-509a6f75849b', 'c81e728d-9d4c-2f63-6f06-7f89cc14862c', 'eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3') ORDER BY ticket_id, created_at DESC;
-- quiet 3
SELECT t.id, t.subject FROM tickets t WHERE t.tenant_id = 40 AND t.status = 'open' AND NOT EXISTS (SELECT 1 FROM comments c WHERE c.ticket_id = t.id AND c.is_public);
-- unpaid 20
SELECT "Id", amount, "issuedOn" FROM "Billing"."Invoice" WHERE "tenantId" = 55 AND "paidAt" IS NULL ORDER BY "issuedOn";
-- by_number 50
SELECT * FROM "Billing"."Invoice" WHERE "order" = 77123;
-- revenue 1
SELECT t.plan, date_trunc('month', i."issuedOn"::timestamp) m, sum(i.amount) FROM "Billing"."Invoice" i JOIN tenants t ON t.id = i."tenantId" WHERE i."issuedOn" >= date '2025-10-01' AND i."issuedOn" < date '2025-12-01' GROUP BY 1, 2 ORDER BY 1, 2;
-- activity 6
SELECT u.id, u.name, count(*) FROM users u JOIN tickets t ON t.requester_id = u.id WHERE u.tenant_id = 99 AND u.role = 'owner' AND t.created_at > timestamptz '2024-06-01' GROUP BY u.id, u.name;
-- overdue 4
SELECT count(*) FROM tickets WHERE due_at < timestamptz '2025-08-01' AND status NOT IN ('solved', 'closed') AND deleted_at IS NULL;
