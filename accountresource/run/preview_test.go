package run_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func TestAPreviewSaysWhatARunDoesAndWritesNothing(t *testing.T) {
	r := crowded(t, 12)
	r.res.Settings.Replication.Delete, r.res.Enabled = true, false
	r.people.objects[1].Profile[account.Name] = "New name"
	r.people.objects[2].Mail = []string{"renamed@example.com"}
	r.people.objects = append(r.people.objects[1:], user("new", "new@example.com", "New"))
	writes, calls, links := r.mail.Writes(), r.tables.calls["Claim"]+r.tables.calls["Settle"]+r.tables.calls["Keep"], len(r.tables.links)

	counts := make(map[account.Action]int)
	count := func(c *account.Change) error {
		counts[c.Action]++
		return nil
	}
	require.NoError(t, run.New(r.config).Preview(t.Context(), r.res, count))
	assert.Equal(t, map[account.Action]int{
		account.ActionUpdated: 1, account.ActionRenamed: 1, account.ActionDeleted: 1, account.ActionCreated: 1,
	}, counts)
	assert.Equal(t, writes, r.mail.Writes())
	assert.Equal(t, calls, r.tables.calls["Claim"]+r.tables.calls["Settle"]+r.tables.calls["Keep"])
	assert.Len(t, r.tables.links, links)
	assert.Len(t, r.tables.runs, 1, "it is no run")

	enough := errors.New("enough was seen")
	require.ErrorIs(t, run.New(r.config).Preview(t.Context(), r.res, func(*account.Change) error { return enough }), enough)

	r.res.Enabled = true
	assert.Equal(t, counts, r.once().Counts, "and that is what the run does")

	r.people.listErr = assert.AnError
	require.Error(t, run.New(r.config).Preview(t.Context(), r.res, count))
}
