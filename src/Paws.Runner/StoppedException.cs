namespace Paws.Runner;

/// <summary>Stopped because that was asked for; says what became of the work, or how to go on.</summary>
/// <param name="how">As it follows "stopped; ".</param>
/// <param name="inner">What ended the work.</param>
internal class StoppedException(string how, Exception inner) : OperationCanceledException(how, inner);
