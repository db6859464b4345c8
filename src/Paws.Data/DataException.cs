namespace Paws.Data;

/// <summary>Something about the user's data is wrong. The message is one line: what is wrong, where, and what to do about it.</summary>
public sealed class DataException(string message, Exception? inner = null) : Exception(message, inner);
