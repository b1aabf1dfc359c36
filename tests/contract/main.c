/* Every program of the contract begins here. */
#include "contract.h"

int main(void)
{
    CONTRACT_SERVED(malloc);
    CONTRACT_SERVED(calloc);
    CONTRACT_SERVED(realloc);
    CONTRACT_SERVED(free);
    clause();
    contract_pass();
}
