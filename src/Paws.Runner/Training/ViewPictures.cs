using Paws.Data.Augment;
using Paws.Model;
using Paws.Runner.Reporting;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>Views as people see them, from the tensors that the network sees.</summary>
internal static class ViewPictures
{
    /// <summary>Each image as a picture, its normalisation undone; the caller's scope takes the tensors made on the way.</summary>
    /// <param name="images">Images [rows, 3, s, s], any device and floating-point type.</param>
    /// <param name="recipe">How they were made.</param>
    /// <param name="caption">From a row to its caption.</param>
    public static ViewPicture[] Of(torch.Tensor images, ViewRecipe recipe, Func<int, string> caption)
    {
        int size = recipe.Size,
            length = size * size * 3;
        var (mean, std) = (Channels(recipe.Mean), Channels(recipe.Std));
        var values = Scalars.multiply(255, Scalars.add(images.cpu().to(torch.float32).mul(std), mean)).permute(0, 2, 3, 1).contiguous();
        byte[] bytes = [.. values.data<float>().ToArray().Select(value => (byte)Math.Clamp(MathF.Round(value), 0, 255))];
        return
        [
            .. Enumerable
                .Range(0, bytes.Length / length)
                .Select(row => new ViewPicture(bytes.AsSpan(row * length, length).ToArray(), size, caption(row))),
        ];
    }

    private static torch.Tensor Channels((float R, float G, float B) values) =>
        torch.tensor(new[] { values.R, values.G, values.B }).reshape(1, 3, 1, 1);
}
