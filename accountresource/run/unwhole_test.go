package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func TestR21_ARunWithAListingThatWasNotWholeIsPartialAndSaysSo(t *testing.T) {
	const users, groups = "problem_users_incomplete", "problem_groups_incomplete"
	for name, c := range map[string]struct {
		set  func(*rig)
		mode run.Mode
		why  string
	}{
		"users": {func(r *rig) {
			r.res.Revision++
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.User }
		}, run.Full, users},
		"groups": {func(r *rig) {
			r.res.Revision++
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.Group }
		}, run.Full, groups},
		"users and groups": {func(r *rig) { r.res.Revision++; r.people.partial = true }, run.Full, users},
		"somebody who is there was passed over": {func(r *rig) {
			r.res.Revision++
			r.people.objects, r.people.hiding = r.people.objects[1:], r.people.objects[:1]
		}, run.Full, users},
		"asking for the missing once more": {func(r *rig) { r.take("id0005"); r.people.doubtful = true }, run.Incremental, users},
		"users that changed":               {func(r *rig) { r.put(user("new", "new@example.com", "New")); r.people.partial = true }, run.Full, users},
		"identities":                       {func(r *rig) { r.take("id0005"); r.people.tombstones, r.people.partial = false, true }, run.Full, users},
		"groups in an incremental run": {func(r *rig) {
			r.put(user("new", "new@example.com", "New"))
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.Group }
		}, run.Incremental, groups},
		"members by primary group": {func(r *rig) {
			r.put(user("new", "new@example.com", "New"))
			r.people.unwhole = func(q run.Query) bool { return q.Primary != nil }
		}, run.Incremental, groups},
	} {
		t.Run(name, func(t *testing.T) {
			r := withAliases(t)
			healthy := *r.people
			c.set(r)
			got := r.once()
			assert.Equal(t, run.Partial, got.Outcome)
			assert.Equal(t, c.mode, got.Mode)
			assert.Equal(t, c.why, got.Error.Key)
			kept := r.ledger.runs[len(r.ledger.runs)-1]
			assert.Equal(t, run.Partial, kept.Outcome)
			assert.Equal(t, c.why, kept.Error.Key)

			r.people.partial, r.people.doubtful, r.people.unwhole, r.people.hiding = false, false, nil, nil
			r.people.objects = healthy.objects
			next := r.once()
			assert.Equal(t, run.Succeeded, next.Outcome, "once everything is listed again")
			assert.Equal(t, run.Full, next.Mode)
			assert.True(t, next.Error.IsZero())
		})
	}
}

// An object that failed does not hide that the listing was not whole.
func TestR21_AFailedObjectAndAListingThatWasNotWhole(t *testing.T) {
	r := newRig(t)
	r.people.objects, r.people.partial = users(3), true
	r.mail.Refuse("u0001@example.com", assert.AnError)
	got := r.once()
	assert.Equal(t, run.Partial, got.Outcome)
	assert.Equal(t, 1, got.Counts[account.ActionFailed])
	assert.Equal(t, "problem_users_incomplete", got.Error.Key)
}
