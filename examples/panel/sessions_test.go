package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSessionName(t *testing.T) {
	// SHA-256 of "abc" is a test vector of FIPS 180-4.
	assert.Equal(t, "ba7816bf8f01cfea414140de5dae2223", sessionName("abc"))
	assert.NotEqual(t, sessionName("abc"), sessionName("abd"))
}

func TestSessionIsNotKeptInClear(t *testing.T) {
	s := newSessions()
	id := s.open(admin{Username: testAdmin})
	who, ok := s.find(id)
	assert.True(t, ok)
	assert.Equal(t, testAdmin, who.Username)
	_, ok = s.find(sessionName(id))
	assert.False(t, ok, "the name opens nothing")
	assert.NotContains(t, s.byName, id)
	s.close(id)
	_, ok = s.find(id)
	assert.False(t, ok)
}
