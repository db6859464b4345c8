namespace Paws.Data.Augment;

/// <summary>
/// What part of an image becomes a view, and how: the box is cut out, resized to <see cref="Width"/> × <see cref="Height"/>, and of that a
/// square of the view's size is kept, from column <see cref="KeepLeft"/> and row <see cref="KeepTop"/> on.
/// </summary>
internal readonly record struct CropBox(int Left, int Top, int BoxWidth, int BoxHeight, int Width, int Height, int KeepLeft, int KeepTop)
{
    private const int Tries = 10;

    /// <summary>
    /// A random part of random area and aspect ratio (log-uniform), resized to the view. If ten draws do not fit the image,
    /// the largest centred box whose aspect ratio is in range.
    /// </summary>
    public static CropBox Random(int imageWidth, int imageHeight, ViewRecipe recipe, ref ViewRandom random)
    {
        double area = (double)imageWidth * imageHeight;
        double leastLog = Math.Log(recipe.Aspect.Min),
            mostLog = Math.Log(recipe.Aspect.Max);
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            double target = area * random.Uniform(recipe.Scale.Min, recipe.Scale.Max);
            double aspect = Math.Exp(random.Uniform(leastLog, mostLog));
            int width = (int)Math.Round(Math.Sqrt(target * aspect));
            int height = (int)Math.Round(Math.Sqrt(target / aspect));
            if (width < 1 || width > imageWidth || height < 1 || height > imageHeight)
                continue;
            int top = random.NextBelow(imageHeight - height + 1);
            int left = random.NextBelow(imageWidth - width + 1);
            return Whole(left, top, width, height, recipe.Size);
        }
        return Centred(imageWidth, imageHeight, recipe);
    }

    /// <summary>The least width and the least height that <see cref="Random"/> may draw.</summary>
    public static (int Width, int Height) Least(int imageWidth, int imageHeight, ViewRecipe recipe)
    {
        double area = (double)imageWidth * imageHeight * recipe.Scale.Min;
        var centred = Centred(imageWidth, imageHeight, recipe);
        return (
            Math.Min((int)Math.Round(Math.Sqrt(area * recipe.Aspect.Min)), centred.BoxWidth),
            Math.Min((int)Math.Round(Math.Sqrt(area / recipe.Aspect.Max)), centred.BoxHeight)
        );
    }

    /// <summary>The shorter edge resized, the centre kept.</summary>
    public static CropBox Centre(int imageWidth, int imageHeight, ViewRecipe recipe)
    {
        int shorter = recipe.ResizeShorter == 0 ? recipe.Size : recipe.ResizeShorter;
        if (shorter < recipe.Size)
            throw new ArgumentException($"the shorter edge is resized to {shorter}, too small for a centre crop of {recipe.Size}");
        var (width, height) =
            imageWidth <= imageHeight
                ? (shorter, (int)((long)shorter * imageHeight / imageWidth))
                : ((int)((long)shorter * imageWidth / imageHeight), shorter);
        // Halves are rounded to even, as torchvision does.
        int left = (int)Math.Round((width - recipe.Size) / 2.0);
        int top = (int)Math.Round((height - recipe.Size) / 2.0);
        return new CropBox(0, 0, imageWidth, imageHeight, width, height, left, top);
    }

    private static CropBox Centred(int imageWidth, int imageHeight, ViewRecipe recipe)
    {
        double aspect = (double)imageWidth / imageHeight;
        int width = imageWidth,
            height = imageHeight;
        if (aspect < recipe.Aspect.Min)
            height = Math.Clamp((int)Math.Round(width / recipe.Aspect.Min), 1, imageHeight);
        else if (aspect > recipe.Aspect.Max)
            width = Math.Clamp((int)Math.Round(height * recipe.Aspect.Max), 1, imageWidth);
        return Whole((imageWidth - width) / 2, (imageHeight - height) / 2, width, height, recipe.Size);
    }

    private static CropBox Whole(int left, int top, int width, int height, int size) => new(left, top, width, height, size, size, 0, 0);
}
