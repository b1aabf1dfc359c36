/* Cannot be preloaded into. */
int main(void)
{
    return 0;
}
