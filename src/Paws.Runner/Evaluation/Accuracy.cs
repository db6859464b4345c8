namespace Paws.Runner.Evaluation;

/// <summary>Shares of test images, in [0, 1].</summary>
/// <param name="Top1">Predicted first.</param>
/// <param name="Top5">Among the first five; null with five classes or fewer, where it says nothing.</param>
/// <param name="Images">How many were judged.</param>
internal sealed record Accuracy(double Top1, double? Top5, int Images);
