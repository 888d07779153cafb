package run_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

func TestASampleReadsTenOfEachAndWritesNothing(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(30)
	for i := range 12 {
		g := user(fmt.Sprintf("g%d", i), "", "Group")
		g.Kind = account.Group
		r.people.objects = append(r.people.objects, g)
	}
	sample, err := run.New(r.config).Sample(t.Context(), r.res.Settings)
	require.NoError(t, err)
	assert.Len(t, sample.Users, 10)
	assert.Len(t, sample.Groups, 10)
	assert.Empty(t, r.tables.runs)
	assert.Zero(t, r.mail.Writes())
}

// A test says where the bind account may not read the status, since a run makes nothing for those users (rule R22).
func TestR22_ASampleWithoutAnyStatusIsAProblem(t *testing.T) {
	r := newHarness(t)
	r.people.objects = users(3)
	for i := range r.people.objects {
		r.people.objects[i].NoStatus = true
	}
	_, err := run.New(r.config).Sample(t.Context(), r.res.Settings)
	var problem *resource.Problem
	require.ErrorAs(t, err, &problem)
	assert.Equal(t, "user_status", problem.Field)
	assert.Equal(t, "problem_status_unreadable", problem.Message.Key)

	r.people.objects[1].NoStatus = false
	_, err = run.New(r.config).Sample(t.Context(), r.res.Settings)
	require.NoError(t, err)
}
