package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
)

func TestAnAccountDeletedHereComesBack(t *testing.T) {
	s := newFixture()
	s.links, s.objects = []account.Link{link("a", "ann@example.com")}, []account.Object{user("a", "ann@example.com", "Ann")}
	changes := s.build()
	require.Len(t, changes, 2)
	assert.True(t, changes[0].Unlink, "the link leads nowhere")
	assert.Equal(t, account.ActionCreated, changes[1].Action)
}

func TestAnObjectListedTwiceCountsOnce(t *testing.T) {
	s := newFixture()
	s.objects = []account.Object{user("a", "ann@example.com", "Ann"), user("a", "ann@example.com", "Ann")}
	assert.Equal(t, []string{"created ann@example.com"}, said(s.build()))
}
