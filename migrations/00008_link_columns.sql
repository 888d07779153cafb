-- A link keeps by what its person is recognized (rules R1, R16), when its account was made (rule R26), which fields the
-- directory has ever shown (rule R7, a bit per field), and whether its resource is gone (rule R16) or another account stands at
-- its address (rule R26), whether switching its account off waits for an admin, and which members the directory gave to an alias that was
-- here before (rule R4). disabled says why the account is off: 1 by its status, 2 since its object left.
--
-- MariaDB commits each statement by itself: what it reads in /*M! */ lets a migration that was cut off be made again.

-- +goose Up
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ logon VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ employee_id VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ made VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ shown BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ released SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ parted SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ off_waits SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE account_resource_link ADD COLUMN /*M! IF NOT EXISTS */ members {{.Text}};

-- Whether a linked object was seen among the deleted ones, and when identities were listed last (rule R13).
ALTER TABLE account_resource_mark ADD COLUMN /*M! IF NOT EXISTS */ tombstones SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE account_resource_mark ADD COLUMN /*M! IF NOT EXISTS */ listed BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE account_resource_mark DROP COLUMN listed;
ALTER TABLE account_resource_mark DROP COLUMN tombstones;
ALTER TABLE account_resource_link DROP COLUMN members;
ALTER TABLE account_resource_link DROP COLUMN off_waits;
ALTER TABLE account_resource_link DROP COLUMN parted;
ALTER TABLE account_resource_link DROP COLUMN released;
ALTER TABLE account_resource_link DROP COLUMN shown;
ALTER TABLE account_resource_link DROP COLUMN made;
ALTER TABLE account_resource_link DROP COLUMN employee_id;
ALTER TABLE account_resource_link DROP COLUMN logon;
