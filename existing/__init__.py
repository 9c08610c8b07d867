"""What is there already, in AWS and GitHub, under names that this stack is about to use and does not have in its state.

there     one such thing: its import id, what this stack would change in it, what is in the way of adopting it, and the other ways on
answers   what is asked: AWS and GitHub read for us, through the providers
table     every type of resource that the program registers: how to look for it, or why there is nothing to look for
noted     what is no obstacle and changes what people see: rules of others, variables of the organisation, tags
compare   what changes for those who use it: policies statement by statement
keeping   what a company adopted, is left where it is when the stack goes

Looking changes nothing. All but the answers is pure.
"""
