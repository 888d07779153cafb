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
		set  func(*harness)
		mode run.Mode
		why  string
	}{
		"users": {func(r *harness) {
			r.res.Revision++
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.User }
		}, run.Full, users},
		"groups": {func(r *harness) {
			r.res.Revision++
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.Group }
		}, run.Full, groups},
		"users and groups": {func(r *harness) { r.res.Revision++; r.people.partial = true }, run.Full, users},
		"somebody who is there was passed over": {func(r *harness) {
			r.res.Revision++
			r.people.objects, r.people.hiding = r.people.objects[1:], r.people.objects[:1]
		}, run.Full, users},
		"asking for the missing once more": {func(r *harness) { r.take("id0005"); r.people.doubtful = true }, run.Incremental, users},
		"users that changed":               {func(r *harness) { r.put(user("new", "new@example.com", "New")); r.people.partial = true }, run.Full, users},
		"identities":                       {func(r *harness) { r.take("id0005"); r.people.tombstones, r.people.partial = false, true }, run.Full, users},
		"groups in an incremental run": {func(r *harness) {
			r.people.touch(run.ChangedObject{ID: "gone", Kind: account.Contact, Deleted: true})
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.Group }
		}, run.Incremental, groups},
		"members by primary group": {func(r *harness) {
			r.people.touch(run.ChangedObject{ID: "gone", Kind: account.Contact, Deleted: true})
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
			kept := r.tables.runs[len(r.tables.runs)-1]
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
	r := newHarness(t)
	r.people.objects, r.people.partial = users(3), true
	r.mail.Refuse("u0001@example.com", assert.AnError)
	got := r.once()
	assert.Equal(t, run.Partial, got.Outcome)
	assert.Equal(t, 1, got.Counts[account.ActionFailed])
	assert.Equal(t, "problem_users_incomplete", got.Error.Key)
}

// A member by primary group stands in no list of a group: who was not listed is no reason to leave an alias.
func TestR12_MembersByPrimaryGroupStayWhereUsersWereNotListedWhole(t *testing.T) {
	for name, mode := range map[string]run.Mode{"full": run.Full, "incremental": run.Incremental} {
		t.Run(name, func(t *testing.T) {
			r := withAliases(t)
			for i := range 2 {
				o := r.people.objects[7+i]
				o.Primary = 1106
				r.put(o)
			}
			r.touchGroup("nested")
			r.incremental()
			whole := []string{"u0001", "u0002", "u0003", "u0004", "u0007", "u0008"}
			assert.Equal(t, whole, r.team())

			hidden := r.people.objects[7]
			r.people.objects = append(r.people.objects[:7:7], r.people.objects[8:]...)
			r.people.unwhole = func(q run.Query) bool { return q.Kind == account.User && (q.Primary != nil || mode == run.Full) }
			seen := r.people.objects[7]
			seen.Primary = 513 // known not to be a member any more
			r.put(seen)
			r.touchGroup("nested")
			r.put(user("new", "new@example.com", "New"))
			if mode == run.Full {
				r.res.Revision++
			}
			got := r.once()
			assert.Equal(t, mode, got.Mode)
			assert.Equal(t, run.Partial, got.Outcome)
			assert.Equal(t, []string{"u0001", "u0002", "u0003", "u0004", "u0007"}, r.team())

			r.people.unwhole = nil
			hidden.Primary = 513
			r.put(hidden)
			r.touchGroup("nested")
			assert.Equal(t, run.Succeeded, r.once().Outcome)
			assert.Equal(t, []string{"u0001", "u0002", "u0003", "u0004"}, r.team(), "once it is listed")
		})
	}
}
