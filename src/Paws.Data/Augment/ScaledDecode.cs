namespace Paws.Data.Augment;

/// <summary>
/// How small an image may be decoded so that no random crop loses pixels by it: the least box that a recipe may draw still has, after
/// the reduction, as many pixels along each side as the view. It depends on the image's size and the recipes alone, not on what is
/// drawn, so that a view is the same whatever is made of the image beside it.
/// </summary>
internal static class ScaledDecode
{
    private static readonly int[] Reductions = [8, 4, 2];

    /// <summary>1, 2, 4 or 8. Always 1 where a recipe draws no crops: what is evaluated is decoded at full size.</summary>
    public static int Reduction(int width, int height, IEnumerable<ViewRecipe> recipes)
    {
        int most = Reductions[0];
        foreach (var recipe in recipes)
        {
            if (!recipe.RandomCrop)
                return 1;
            var (leastWidth, leastHeight) = CropBox.Least(width, height, recipe);
            int fits = Math.Min(leastWidth, leastHeight) / recipe.Size;
            most = Math.Min(most, Reductions.FirstOrDefault(reduction => reduction <= fits, 1));
        }
        return most;
    }
}
