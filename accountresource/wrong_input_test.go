package accountresource_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestADecisionIsNeeded(t *testing.T) {
	h := newHost(t)
	base := h.add()
	for name, form := range map[string]url.Values{
		"none": {}, "another": {"decision": {"eat"}}, "rows alone": {"source": {"a"}, "shown": {"a", "b"}},
		"two": {"confirm": {""}, "dismiss": {""}, "source": {"a"}},
	} {
		a := h.post(base+"/removals", form)
		assert.Equal(t, http.StatusBadRequest, a.status, name)
		assert.Contains(t, a.body, "No decision was sent for these removals.", name)
	}
	assert.Equal(t, http.StatusSeeOther, h.post(base+"/removals", url.Values{"confirm": {""}, "source": {"a"}}).status)
}

func TestAPageThatIsNotThereIsTheLastOne(t *testing.T) {
	f := newFollowed(t, 120)
	f.replicate()
	for query, says := range map[string]string{
		"page=3": "Page 3 of 3", "page=4": "Page 3 of 3", "page=99999999999999999999": "Page 1 of 3", "page=9223372036854775807": "Page 3 of 3",
		"page=-1": "Page 1 of 3", "page=0": "Page 1 of 3", "page=x": "Page 1 of 3", "q=corp&page=9999999999": "Page 3 of 3",
		"after=-5": "Page 1 of 3", "before=-5&after=x": "Page 1 of 3",
	} {
		a := f.get(f.base + "/log?" + query)
		assert.Equal(t, http.StatusOK, a.status, query)
		assert.Contains(t, a.body, says, query)
	}
}
