const D=1;
