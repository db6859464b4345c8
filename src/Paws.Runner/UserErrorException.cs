namespace Paws.Runner;

/// <summary>A mistake of the user's, told in one line that says what to do. Ends the program with exit code 2 and no stack trace.</summary>
public sealed class UserErrorException(string message, Exception? inner = null) : Exception(message, inner);
