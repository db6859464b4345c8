using Paws.Data.Datasets;
using Paws.Data.Loading;

namespace Paws.Data.Augment;

/// <summary>
/// Makes views: crop and resize, mirror, colour jitter (brightness, contrast, saturation and hue in random order), grey, blur,
/// solarize, equalize, normalise. Colour is worked on in bytes with PIL's rounding. Keeps no state but memory that it reuses:
/// give each thread one of its own.
/// </summary>
public sealed class Augmenter
{
    private readonly Planes view = new();
    private readonly ResizeScratch resize = new();
    private readonly BlurScratch blur = new();
    private readonly Normalize normalize = new();

    /// <summary>Bytes of one view: Size · Size · 3 pixels of the given type.</summary>
    /// <exception cref="OutOfMemoryException">They are more than a block of memory can hold.</exception>
    public static int BytesOf(ViewRecipe recipe, PixelType type)
    {
        long bytes = 3L * recipe.Size * recipe.Size * (type == PixelType.Float32 ? 4 : 2);
        return bytes <= Array.MaxLength
            ? (int)bytes
            : throw new OutOfMemoryException(
                $"a view of {recipe.Size} × {recipe.Size} pixels takes {bytes} bytes, more than one block can have"
            );
    }

    /// <summary>Writes one view as [size, size, 3] (height, width, channel).</summary>
    /// <param name="image">The whole image.</param>
    /// <param name="recipe">How the view is made.</param>
    /// <param name="random">Where chance comes from; a recipe without chance leaves it alone.</param>
    /// <param name="type">Element type written.</param>
    /// <param name="destination"><see cref="BytesOf"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination has another length, or a recipe's numbers are out of range.</exception>
    public void Write(RgbImage image, ViewRecipe recipe, ref ViewRandom random, PixelType type, Span<byte> destination) =>
        Write(new PixelRows(image), recipe, ref random, type, destination);

    /// <summary>The same from pixels as a decoder leaves them.</summary>
    internal void Write(PixelRows image, ViewRecipe recipe, ref ViewRandom random, PixelType type, Span<byte> destination)
    {
        int bytes = BytesOf(recipe, type);
        if (destination.Length != bytes)
            throw new ArgumentException($"a view of this recipe has {bytes} bytes, the destination {destination.Length}");
        var box = recipe.RandomCrop
            ? CropBox.Random(image.FullWidth, image.FullHeight, recipe, ref random)
            : CropBox.Centre(image.FullWidth, image.FullHeight, recipe);
        Resize.Apply(image, box, recipe.Size, random.Chance(recipe.Flip), view, resize);
        if (random.Chance(recipe.Jitter))
            Jitter(recipe.JitterStrength, ref random);
        if (random.Chance(recipe.Grayscale))
            Grayscale.Apply(view);
        if (random.Chance(recipe.Blur))
            GaussianBlur.Apply(view, (float)random.Uniform(0.1, 2), blur);
        if (random.Chance(recipe.Solarize))
            Solarize.Apply(view, random.Uniform(0, 256));
        if (random.Chance(recipe.Equalize))
            Equalize.Apply(view);
        normalize.Write(view, recipe, type, destination);
    }

    private void Jitter(double strength, ref ViewRandom random)
    {
        double most = 0.8 * strength,
            least = Math.Max(0, 1 - most);
        float brightness = (float)random.Uniform(least, 1 + most);
        float contrast = (float)random.Uniform(least, 1 + most);
        float saturation = (float)random.Uniform(least, 1 + most);
        most = 0.2 * strength;
        double hue = random.Uniform(-most, most);

        Span<byte> order = [0, 1, 2, 3];
        random.Shuffle(order);
        foreach (byte operation in order)
            switch (operation)
            {
                case 0:
                    Brightness.Apply(view, brightness);
                    break;
                case 1:
                    Contrast.Apply(view, contrast);
                    break;
                case 2:
                    Saturation.Apply(view, saturation);
                    break;
                default:
                    Hue.Apply(view, hue);
                    break;
            }
    }
}
