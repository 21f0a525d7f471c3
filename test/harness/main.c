/* The main of every unit test: runs its suite and exits non-zero when a test failed. With
 * CK_FORK=no (as under a sanitizer or a debugger) everything runs in this process. */
#include "harness/suite.h"

#include <jansson.h>
#include <stdlib.h>

int main(void)
{
	SRunner *runner = srunner_create(test_suite());

	json_object_seed(1); /* the same order in every run */
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
