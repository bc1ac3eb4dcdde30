/* A PostgreSQL extension whose code fills many pages, and is called through a table that the loader has to relocate. The
   versions differ in a constant only. Where the file is truncated the kernel takes away what is mapped of it, private copies of
   pages included, mmap(2); what comes back from the new file are addresses without relocation. */
#include "postgres.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

#define ONE(n) static int32 step_##n(int32 x) { volatile int32 y = x; y = y * 3 + n; y = y ^ (y >> 7); return y - y + x; }
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n) TEN(n##0) TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)
HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4) HUNDRED(5)

#define NAME(n) step_##n,
#define TEN_NAMES(n) \
	NAME(n##0) NAME(n##1) NAME(n##2) NAME(n##3) NAME(n##4) NAME(n##5) NAME(n##6) NAME(n##7) NAME(n##8) NAME(n##9)
#define NAMES(n) \
	TEN_NAMES(n##0) TEN_NAMES(n##1) TEN_NAMES(n##2) TEN_NAMES(n##3) TEN_NAMES(n##4) \
	TEN_NAMES(n##5) TEN_NAMES(n##6) TEN_NAMES(n##7) TEN_NAMES(n##8) TEN_NAMES(n##9)
static int32 (*const steps[])(int32) = {
	NAMES(5) NAMES(4) NAMES(3) NAMES(2) NAMES(1)
};

PG_FUNCTION_INFO_V1(answer);
Datum answer(PG_FUNCTION_ARGS)
{
	int32 x = ANSWER;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		x = steps[i](x);
	PG_RETURN_INT32(x);
}

/* Not called, and its symbol not looked up, until the file has been replaced. */
PG_FUNCTION_INFO_V1(late_answer);
Datum late_answer(PG_FUNCTION_ARGS)
{
	return answer(fcinfo);
}
