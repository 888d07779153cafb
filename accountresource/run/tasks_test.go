package run_test

import (
	"cmp"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// webmail is an application that keeps one text under each address.
type webmail struct {
	name string
	data map[string]string
	down error
}

func (w *webmail) Name() string { return cmp.Or(w.name, "webmail") }

func (w *webmail) Rename(_ context.Context, moves []account.Move) error {
	for _, m := range moves {
		if text, has := w.data[m.From]; has && w.down == nil {
			delete(w.data, m.From)
			w.data[m.To] = text
		}
	}
	return w.down
}

func (w *webmail) Delete(_ context.Context, addresses []string) error {
	for _, a := range addresses {
		if w.down == nil {
			delete(w.data, a)
		}
	}
	return w.down
}

func TestR8_ApplicationsFollowAndCatchUp(t *testing.T) {
	r := newHarness(t)
	web := &webmail{data: map[string]string{"a@example.com": "A", "b@example.com": "B", "c@example.com": "C"}}
	r.config.Applications, r.config.Tasks = []run.Application{web}, r.tables
	r.people.objects = []account.Object{user("a", "a@example.com", "A"), user("b", "b@example.com", "B"), user("c", "c@example.com", "C")}
	r.once()

	web.down = errors.New("connection refused")
	mails := func(a, b, c string) {
		for i, local := range []string{a, b, c} {
			r.people.objects[i].Mail = []string{local + "@example.com"}
		}
	}
	mails("b", "a", "d")
	first := r.once()
	assert.Equal(t, run.Partial, first.Outcome)
	assert.Subset(t, r.log(first), []string{"renamed a@example.com", "renamed b@example.com", "renamed d@example.com"},
		"the accounts do not wait for the application")
	assert.NotZero(t, first.Counts[account.ActionFailed])
	for _, e := range r.tables.entries[first.ID] {
		assert.Empty(t, e.Detail, "what a server or the network said is for the log of the panel")
	}
	assert.Equal(t, map[string]string{"a@example.com": "A", "b@example.com": "B", "c@example.com": "C"}, web.data)

	mails("b", "a", "e")
	assert.Equal(t, run.Partial, r.once().Outcome, "still down; the second renaming has to wait for the first")

	web.down = nil
	last := r.once()
	assert.Equal(t, run.Succeeded, last.Outcome)
	assert.Empty(t, last.Counts)
	assert.Equal(t, map[string]string{"b@example.com": "A", "a@example.com": "B", "e@example.com": "C"}, web.data)
	assert.Empty(t, r.tables.tasks)
}
