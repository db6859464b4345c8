using Paws.Data.Augment;

namespace Paws.Data.Loading;

/// <summary>One image of a batch: which sample, and which of its views (the views of one sample in one epoch differ by this number alone).</summary>
/// <param name="Sample">Index into the data set.</param>
/// <param name="View">View number; randomness is a function of (seed, epoch, sample, view).</param>
/// <param name="Epoch">Epoch, or for supports the running draw of that image, so that a sample drawn again looks different.</param>
public readonly record struct BatchRow(int Sample, int View, int Epoch);

/// <summary>Rows of one resolution: they become one contiguous [rows, size, size, 3] block and one forward pass.</summary>
/// <param name="Recipe">How each row's view is made.</param>
/// <param name="Rows">The images, in the order of the batch.</param>
public sealed record BatchGroup(ViewRecipe Recipe, BatchRow[] Rows);

/// <summary>What one training or evaluation step will see. Made by a sampler, filled by the batch loader.</summary>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Step">Step over the whole run, from 0.</param>
/// <param name="Groups">One a resolution; for PAWS the large views (supports first) and the small ones.</param>
/// <param name="SupportClasses">The class of each support row of one view, in sampler order (class a, b, c, … repeated), those of all shards; in supervised plans the label of each row. Empty when there are none.</param>
public sealed record BatchPlan(int Epoch, int Step, IReadOnlyList<BatchGroup> Groups, int[] SupportClasses);
