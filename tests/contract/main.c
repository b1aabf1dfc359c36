/* Every program of the contract begins here. */
#include "contract.h"
#include "contract_status.h"

int main(void)
{
    CONTRACT_SERVED(malloc);
    CONTRACT_SERVED(calloc);
    CONTRACT_SERVED(realloc);
    CONTRACT_SERVED(free);
    clause();
    return CONTRACT_PASS;
}
