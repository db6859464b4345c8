using Paws.Model;
using Paws.Runner.Parallel;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>A rank's part of a loss.</summary>
internal static class Shares
{
    /// <summary>A rank's share of a mean over the rows of all ranks; alone, the mean itself.</summary>
    public static torch.Tensor Of(Workers ranks, double share, torch.Tensor mean) => ranks.Alone ? mean : Scalars.multiply(share, mean);

    /// <summary>Makes sure that every rank has a row: an encoder has no answer to a batch of none.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="counts">Rows of each.</param>
    /// <param name="what">What would be divided.</param>
    /// <param name="remedy">Which setting has more.</param>
    /// <exception cref="UserErrorException">There are more ranks than rows.</exception>
    public static void Check(Workers ranks, int[] counts, string what, string remedy)
    {
        if (counts.Min() == 0)
        {
            // All ranks count the same.
            var few = $"{what} has {counts.Sum()} rows a step, too few for {ranks.Size} ranks: use fewer, or raise {remedy}";
            ranks.Agree(new UserErrorException(few));
        }
    }
}
