-- Links remember no forwardings any more (rule R9). A lease knows when it was renewed (rule R20). What is held and what was
-- decided of it carries the action; a row from before has none, and is held anew (rule R15); it says what would change. A run says how many removals wait when it
-- ends (rule R21).
--
-- MariaDB commits each statement by itself: what it reads in /*M! */ lets a migration that was cut off be made again.

-- +goose Up
ALTER TABLE account_resource_link DROP COLUMN /*M! IF EXISTS */ suspended;
ALTER TABLE account_resource_lease ADD COLUMN /*M! IF NOT EXISTS */ renewed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_resource_removal ADD COLUMN /*M! IF NOT EXISTS */ action VARCHAR(16) NOT NULL DEFAULT '';
ALTER TABLE account_resource_removal ADD COLUMN /*M! IF NOT EXISTS */ diff {{.Text}};
ALTER TABLE account_resource_run ADD COLUMN /*M! IF NOT EXISTS */ waiting BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE account_resource_run DROP COLUMN waiting;
ALTER TABLE account_resource_removal DROP COLUMN diff;
ALTER TABLE account_resource_removal DROP COLUMN action;
ALTER TABLE account_resource_lease DROP COLUMN renewed;
ALTER TABLE account_resource_link ADD COLUMN suspended VARCHAR(1) NOT NULL DEFAULT '';
